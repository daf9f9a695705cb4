//! The one call into libwebp: its encoder is the only maintained one for lossy WebP.

use std::ptr;

use libwebp_sys::{
    WebPConfig, WebPEncode, WebPMemoryWrite, WebPMemoryWriter, WebPMemoryWriterClear, WebPMemoryWriterInit,
    WebPPicture, WebPPictureFree, WebPPictureImportRGB, WebPPictureImportRGBA,
};

use super::channels::eight;
use crate::{Layout, Pixels};

/// Effort for a lossy picture, of 0 to 6. Of a 12 MP photograph, 2 takes 0.27 s; 3 and 4, which is
/// libwebp's own choice, take 0.8 s for a file that is smaller by 4 %.
const LOSSY_METHOD: i32 = 2;
/// One strength of quantisation for all blocks. To choose among four takes 80 ms of the 350 that a
/// 12 MP photograph takes, for a file that is smaller by 8 % and worse by 0.5 dB: nothing is gained.
const SEGMENTS: i32 = 1;
/// Effort for a lossless picture, of 0 to 9. Of a 12 MP photograph, 0 takes 0.75 s; 2 takes 2.5 s
/// for a file that is smaller by 1.4 %.
const LOSSLESS_LEVEL: i32 = 0;

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
            config.segments = SEGMENTS;
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
