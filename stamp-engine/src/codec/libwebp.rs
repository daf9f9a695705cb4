//! The two calls into libwebp: its encoder is the only maintained one for lossy WebP, and its decoder of
//! VP8 takes a third of the time of others.

use std::ptr;

use libwebp_sys::{
    WebPConfig, WebPEncode, WebPMemoryWrite, WebPMemoryWriter, WebPMemoryWriterClear, WebPMemoryWriterInit,
    WebPPicture, WebPPictureFree, WebPPictureImportRGB, WebPPictureImportRGBA,
};

use super::channels::eight;
use crate::spare::Spare;
use crate::{Layout, Pixels};

/// Effort for a lossy picture, of 0 to 6. Of a 12 MP photograph, 2 takes 0.27 s; 3 and 4, which is
/// libwebp's own choice, take 0.8 s for a file that is smaller by 4 %.
const LOSSY_METHOD: i32 = 2;
/// Effort for a lossless picture, of 0 to 9. Of a 12 MP photograph, 0 takes 0.75 s; 2 takes 2.5 s
/// for a file that is smaller by 1.4 %.
const LOSSLESS_LEVEL: i32 = 0;

/// Decodes a VP8 picture of this size to RGB; `None` where libwebp finds a fault.
pub(super) fn decode(bytes: &[u8], width: u32, height: u32) -> Option<Vec<u8>> {
    let row = (width as usize).checked_mul(3)?;
    let stride = i32::try_from(row).ok()?;
    let mut samples = Spare::Samples.take_full(row.checked_mul(height as usize)?);
    let (mut own_width, mut own_height) = (0, 0);
    // SAFETY: `bytes` and `samples` are slices given with their own lengths; libwebp reads and writes
    // nothing beyond these, and keeps no pointer. The two integers outlive the call that sets them.
    let decoded = unsafe {
        let is_webp =
            libwebp_sys::WebPGetInfo(bytes.as_ptr(), bytes.len(), &mut own_width, &mut own_height) != 0;
        let is_ours = (u32::try_from(own_width), u32::try_from(own_height)) == (Ok(width), Ok(height));
        let (to, room) = (samples.as_mut_ptr(), samples.len());
        is_webp
            && is_ours
            && !libwebp_sys::WebPDecodeRGBInto(bytes.as_ptr(), bytes.len(), to, room, stride).is_null()
    };
    decoded.then_some(samples)
}

/// Encodes an 8-bit RGB or RGBA picture with sides of at most 16,383, at `quality` (1 to 100) or
/// without loss.
pub(super) fn encode(pixels: &Pixels, quality: Option<u8>) -> Result<Vec<u8>, String> {
    let samples = eight(pixels);
    let alpha = match pixels.layout() {
        Layout::Rgb => false,
        Layout::Rgba => true,
        _ => return Err("WebP holds RGB with or without alpha only".to_owned()),
    };
    if samples.len() != pixels.row_len() * pixels.height() as usize {
        return Err("WebP holds 8 bits a sample only".to_owned());
    }
    let (Ok(width), Ok(height), Ok(stride)) =
        (i32::try_from(pixels.width()), i32::try_from(pixels.height()), i32::try_from(pixels.row_len()))
    else {
        return Err("it is too large".to_owned());
    };
    let mismatch = "libwebp is of another version than its header".to_owned();
    let mut config = WebPConfig::new().map_err(|()| mismatch.clone())?;
    match quality {
        Some(quality) => {
            config.quality = f32::from(quality);
            config.method = LOSSY_METHOD;
        }
        // SAFETY: `config` is an initialised configuration that lives through the call.
        None if unsafe { libwebp_sys::WebPConfigLosslessPreset(&mut config, LOSSLESS_LEVEL) } == 0 => {
            return Err(mismatch);
        }
        // The colours of clear pixels are part of the picture too.
        None => config.exact = 1,
    }
    let mut picture = WebPPicture::new().map_err(|()| mismatch)?;
    picture.use_argb = i32::from(quality.is_none());
    picture.width = width;
    picture.height = height;
    let mut writer = WebPMemoryWriter { mem: ptr::null_mut(), size: 0, max_size: 0, pad: [0] };
    // SAFETY: `picture` and `writer` are initialised and outlive every use of their pointers here:
    // libwebp keeps none of them after WebPPictureFree and WebPMemoryWriterClear. `samples` holds
    // `height` rows of `stride` bytes, as checked above. `writer.mem` points to `writer.size`
    // bytes once WebPEncode has succeeded with a size that is not 0.
    unsafe {
        WebPMemoryWriterInit(&mut writer);
        picture.writer = Some(WebPMemoryWrite);
        picture.custom_ptr = (&raw mut writer).cast();
        let import = if alpha { WebPPictureImportRGBA } else { WebPPictureImportRGB };
        let done =
            import(&mut picture, samples.as_ptr(), stride) != 0 && WebPEncode(&config, &mut picture) != 0;
        let result = if done && writer.size > 0 {
            Ok(std::slice::from_raw_parts(writer.mem, writer.size).to_vec())
        } else {
            Err(format!("libwebp says {:?}", picture.error_code))
        };
        WebPPictureFree(&mut picture);
        WebPMemoryWriterClear(&mut writer);
        result
    }
}
